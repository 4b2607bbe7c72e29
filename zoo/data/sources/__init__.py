"""What data come from: tables, text, pairs of folders, and other libraries' data sets."""
