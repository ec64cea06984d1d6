"""What the tests share: worlds, clouds, conductors and how they are looked at."""
