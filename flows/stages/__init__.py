"""Stages, each as data: its campaigns, what must come of them, and the words of its report."""
