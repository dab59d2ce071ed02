"""What the bot does unasked: renewing what it knows, submitting forgotten drafts, delivering letters, watching itself."""
