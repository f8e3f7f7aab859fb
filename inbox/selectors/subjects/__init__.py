"""What users follow and have silenced, what the site lets them follow, and how these subjects are called."""
