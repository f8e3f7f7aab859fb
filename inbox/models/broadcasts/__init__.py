"""Announcements: whom they are for, what readers see of them, and what readers did with them."""
