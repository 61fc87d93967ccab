//! Carillon: plays a whole fleet of desk phones from one keyboard.
