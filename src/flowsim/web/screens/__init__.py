"""The page's other screens: each fills a question and shows its answer as texts, tables and pictures.

Here: what is asked of a screen, and the answer as plain data. Not here: what an answer says, which is `reporting`'s.
"""
