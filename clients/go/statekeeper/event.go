package statekeeper

// An Include is how much the events of a watch tell of the values.
type Include string
