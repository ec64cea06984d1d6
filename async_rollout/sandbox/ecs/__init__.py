"""Container instances: Amazon ECS on the instances of Auto Scaling groups, beside the world's own rooms.

`records` what there is; `timing` how long it takes and what shall go wrong; `room` the tables at work; `hosts`:
instances that join a cluster; `placement`, `tasks`, `targets`: a task's place, life and load balancer; `scheduler`,
`daemons`, `deployments`: what ECS does for its services; `providers`, `draining`, `scaling`: what a capacity provider
does with its group; `deeds` all that can be done, as `World.ecs`; `clusters`
builds one in a steady state.
"""
