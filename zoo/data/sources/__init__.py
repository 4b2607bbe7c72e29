"""Sources of data: arrays, images, tables, text, and pairs of folders."""
