"""A document written as HTML, PDF or a workbook."""
