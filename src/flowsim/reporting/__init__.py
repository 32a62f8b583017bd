"""Answers as words, tables and pictures, and as a web page, a print or a workbook. Nothing is computed anew here."""
