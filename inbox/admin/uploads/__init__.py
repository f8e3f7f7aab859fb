"""Lists of people for an announcement: the page on which an author uploads them, and its progress."""
