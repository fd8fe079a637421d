package statekeeper

import (
	"context"
	"fmt"
)

// A Transformer brings a state from one layout to the next: it changes it in place. What it
// fails with is told together with its position.
type Transformer func(state *State) error

type migrationOption struct {
	option
	forMigration
}

// WithDryRun writes nothing, and only tells what would be saved.
func WithDryRun() MigrationOption {
	return migrationOption{option: func(s *settings) { s.dryRun = true }}
}

// MigrateState gives a state in a newer layout, and talks to nobody. The versions are those
// of SchemaVersion; an empty one to come from: none. The state that is given is never
// changed, also when a transformer fails; the new one keeps its revision, so that saving it
// is compare-and-set.
//
//	splitName := func(state *statekeeper.State) error {
//		first, last, _ := strings.Cut(state.Context["name"].(string), " ")
//		delete(state.Context, "name")
//		state.Context["first"], state.Context["last"] = first, last
//		return nil
//	}
//	migrated, err := statekeeper.MigrateState(state, "1.0.0", "2.0.0", splitName)
//
// It fails with an [InvalidRequestError] where the state has another version or a transformer
// left something that is no state, with a [SerializationError] where a value cannot be saved,
// and with what a transformer fails with.
func MigrateState(state *State, fromVersion, toVersion string, transformers ...Transformer) (*State, error) {
	if err := checkName("to_version", toVersion); err != nil {
		return nil, err
	}
	if state.Partial {
		return nil, invalid("state", "was loaded with fields: the others cannot be migrated")
	}
	if state.SchemaVersion != fromVersion {
		return nil, invalid("schema_version", "is %q, and this migration is from %q", state.SchemaVersion, fromVersion)
	}
	migrated, err := deepCopy(state)
	if err != nil {
		return nil, err
	}
	for position, transform := range transformers {
		if err := transform(migrated); err != nil {
			return nil, fmt.Errorf("in transformers[%d], from %q to %q: %w", position, fromVersion, toVersion, err)
		}
		// It shares nothing with what a transformer has kept, and is checked.
		if migrated, err = deepCopy(migrated); err != nil {
			return nil, fmt.Errorf("in what transformers[%d] left: %w", position, err)
		}
	}
	migrated.SchemaVersion = toVersion
	return migrated, nil
}

// deepCopy gives a copy that shares nothing with the state. Its values go the way to the
// message and back, which checks them.
func deepCopy(state *State) (*State, error) {
	message, err := writeState(state)
	if err != nil {
		return nil, err
	}
	read, err := readState(message)
	if err != nil {
		return nil, err
	}
	copied := state.Clone()
	copied.Input, copied.Context = read.Input, read.Context
	copied.MemberOutputs, copied.Metadata = read.MemberOutputs, read.Metadata
	return copied, nil
}

// Migrate brings the stored state to a newer layout, all or nothing: it does what
// [MigrateState] does in a transaction. The transformers are called again if somebody else
// wrote in between, and if one fails the stored state stays as it was. It gives the state as
// it is saved now or, with [WithDryRun], would be.
//
// Beside those of a transaction it takes [WithDryRun].
//
// It fails as [MigrateState] and [StateManager.Transaction] do.
func (sm *StateManager) Migrate(ctx context.Context, fromVersion, toVersion string, transformers []Transformer, options ...MigrationOption) (*State, error) {
	s := gathered(options)
	migrate := func(state *State) error {
		migrated, err := MigrateState(state, fromVersion, toVersion, transformers...)
		if err != nil {
			return sm.located(err)
		}
		*state = *migrated
		return nil
	}
	if s.dryRun {
		state, _, err := sm.draft(ctx)
		if err != nil {
			return nil, err
		}
		return state, migrate(state)
	}
	state, _, err := sm.transact(ctx, s, migrate)
	return state, err
}
