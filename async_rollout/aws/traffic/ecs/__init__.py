"""ECS container instances: a group's membership of a cluster as a traffic source, and what runs on its hosts."""
