"""Recurring announcements: their list, their form in plain words, and its JSON views."""
