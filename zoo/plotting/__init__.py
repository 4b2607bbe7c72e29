"""Pictures: grids of images, curves and sheets."""
