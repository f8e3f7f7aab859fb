"""What users choose: preferences, subjects that they follow or silence; sends to followers; visits of pages."""
