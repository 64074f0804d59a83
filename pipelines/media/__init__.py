"""How faces are stored in the world: image files, archives of them, tables of pixels."""
