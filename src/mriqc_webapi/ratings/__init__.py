"""What experts think of images: scales, artifacts, agreement between raters, consensus."""
