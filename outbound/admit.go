package outbound

import "time"

// admit makes the next attempt.
func (c *call) admit(number int) (*attempt, error) {
	return c.attempt(number, time.Now()), nil
}
