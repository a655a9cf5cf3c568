"""A note as HTML that is safe to show: its Markdown, formulas, links and images."""
