"""Tables that code writes and administrators rarely need, under a heading of their own in Django's admin.

The admin makes one section of each app, so this is an app. Without it in `INSTALLED_APPS`, the same pages are in the
section of the inbox.
"""
