"""The report of a stage: Markdown, tables and charts, made of its outcome and of what its sessions recorded."""
