"""What is found on a picture of a nailfold, whatever is graded: is it one, is it fit to be read, its capillaries."""
