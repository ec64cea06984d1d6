"""THE DECISIONS. Pure: standard library only; no await, no clock, no log, no chance. The first folder to read.

Theory of operation
===================

One function decides everything: `decide(spec, snapshot) -> Decision`. A snapshot is an *observation* (one look at AWS,
with the *journal* that stands in the group's own tags, from the same reply), a *belief* (what earlier looks add: facts
of the group, and one *history* an instance), and an order to *stop* if there is one. The engine looks, folds the look
into belief (`recall`), asks `decide`, does the actions one after the other, and looks again. Nothing else has state.

What is where
    What AWS is, is read anew on every look: which instances there are, who is healthy where.
    What may not be lost stands in the journal, written before the act it speaks of: the sizes and processes found,
    whose turn it is, the way out of each old instance (its *departure*), what desired capacity was last set to.
    What may be lost is belief: streaks of good looks, since when a stage holds, how a hook ended. Without it a check is
    repeated and a limit begins anew, no more.
So resume is start: a killed run's successor reads the same tags and decides the same. And restore needs no stack of
undo steps: it is the same loop with the goal turned round, and reads the same record.

The rooms, each knows those above it here (an import contract in pyproject.toml holds that)
    terms       `spec` what the operator wants (`amounts`: how many, `durations`: how long, `choices`), `policy` every
                number of looks or seconds, `others` who else is there
    record      `journal` and its form in the tags: `tags`, `due`, `versions`; `templates` what is launched from as it
                keeps it; `withheld` the commands that it names
    look        `observation` what AWS says, `activity` of its launches, `launch_failures`, `zones`; `actions` and what
                they will do: `effect`; `outcomes` how they were answered, `events` what is told, `origin` of whom,
                `wording`, `schedules`; `promised` what desired capacity comes to by the record, `probes` who else is
                about to write one
    life        `life`: its steps as tables, and where one instance (`lives`) stands; their names: `stages`; how long
                each may last: `limits`; what is remembered: `history`; asked of a look: `serving`, `let_go`,
                `standby`, `protection`, `zonal_shift`; which newcomers fail: `failures`, `lost`; how
                long they have to stay well: `min_ready`
    belief      `belief` of the group; `recall` makes it anew after each look, with `fold` (each history), `answered`,
                `launch_answers`, `refusals`, `marks`, `carried`, `restless`; `pace` when to look again; a `snapshot` is
                what is decided of
    judgement   `budget` the arithmetic, `attribution` of desired capacity, `open_launches` and what became of them,
                `situation`, `trouble` why to give up, `orders` to do so, `survey` why not to begin, `switching` what to
                launch from and why not, `traffic` what holds up a removal, `undrained` why not to go on, `left` what is
                not put back, `laws` and what they read of an act: `taken`, one of them `followed`
    gates       `gates` before each new removal and launch, a file each
    decision    `decide`, `begin`, `lease`, `advance`, `restore`, `finish`, and how it has ended: `ends`; `moves` what
                each step asks for, done by `climb`, `drain`, `departures`, `parking`, `back`, `called_back`, `heal`,
                `catch_up`; `launching` asks for new ones, `switched` sets what they are launched from and turns to a
                rollback; a `draft` is a decision in the making
    told        `narrate` in events, with `milestones` of the release, `meanwhile` what befell the group; `plan`,
                `plan_notes` and `standing` in advance, `walkthrough` to read

The path of one decision
    `decide.decide`   whose record is it? none: `begin`; another's: watch, give way or take over; ours: its goal
    `trouble`         is there a reason to give up? Then the goal becomes RESTORE, with a cause that outlives a kill
    `launch_failures` what AWS says of a launch that failed: does waiting help, and for how long?
    `attribution.attribute_desired`  whose doing is it if desired capacity is not what was asked for?
    `moves.move`      each instance a step on: where it stands says `life`, what is done there its one match
    `advance`         all of them a step, then old ones taken out (who is first: `budget.ordered`; what holds them up:
                      `traffic.held_up`), new ones asked for
    `restore`         all of them a step, those that were only drained on their way back; what the group launches from
                      is set back first, and where a rollback is due, it is REPLACE once more after that (`switched`)
    `finish`          the end of both: surplus gone, zones even, settled, sizes and processes back, tags off
    `draft.decided`   everything that a tick wants, with the Record in front

What keeps it safe
    Whatever was asked to go counts as gone, whatever was asked to come counts only when it is proven: a deregistration
    that is recorded but not seen, a launch that has no row yet. Numbers are taken from `budget.tally`, of one look.
    A reply whose journal is older than the one we wrote is an old reply; it is left out, whole. An unexplained desired
    capacity stops everything that would move it. `laws.objection` is asked before each act and knows nothing of how
    `decide` came to it: its objection is a fault of this program, and the loop stops there with the record standing.
"""
