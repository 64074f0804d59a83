"""Keras networks, their training and evaluation, and the bundle a trained network is kept in.

Importing this package is cheap; TensorFlow and Keras come in with the modules that need them.
"""
