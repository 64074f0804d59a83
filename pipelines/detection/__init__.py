"""Where the faces in an image are, and the square around each that looks like a FER2013 face."""
