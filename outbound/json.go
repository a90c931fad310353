package outbound

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/plimsoll-go/plimsoll/problem"
)

// GetJSON reads the resource at path, joined to the dependency's URL, into out. See [Client.JSON].
func (c *Client) GetJSON(ctx context.Context, path string, out any, opts ...CallOption) error {
	return c.JSON(ctx, http.MethodGet, path, nil, out, opts...)
}

// PostJSON sends in to path, joined to the dependency's URL, and reads the answer into out. See [Client.JSON].
func (c *Client) PostJSON(ctx context.Context, path string, in, out any, opts ...CallOption) error {
	return c.JSON(ctx, http.MethodPost, path, in, out, opts...)
}

// JSON sends in, unless it is nil, and reads the answer into out, unless that is nil. Of the answer it wants a status
// of 200 to 299 and, for out, exactly one JSON value; members that out does not have are ignored. Any other status is
// a [*StatusError]; every other error is a [*problem.Error]: Internal if the request cannot be made, Upstream if the
// answer cannot be read.
func (c *Client) JSON(ctx context.Context, method, path string, in, out any, opts ...CallOption) error {
	o, err := request(ctx, method, path, in, opts)
	if err != nil {
		return problem.Wrap(problem.Internal, "", fmt.Errorf("call %s: make the request: %w", c.transport.config.Name, err))
	}
	if err := c.exchange(o, out); err != nil {
		return c.degrade(ctx, o, err)
	}
	return nil
}

// exchange sends the request and reads the answer.
func (c *Client) exchange(o options, out any) error {
	r := o.request
	res, err := c.do(r, o.policy)
	if err != nil {
		return err
	}
	defer res.Body.Close() // it was read to its end, or is given up
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return c.transport.statusError(r, res)
	}
	body, err := io.ReadAll(res.Body)
	if err != nil || out == nil {
		return err
	}
	if err := json.Unmarshal(body, out); err != nil {
		return c.transport.wrap(problem.Upstream, detailBroken, r, fmt.Errorf("read the answer as JSON: %w", err))
	}
	return nil
}

func request(ctx context.Context, method, path string, in any, opts []CallOption) (options, error) {
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return options{}, err
		}
		body = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(ctx, method, path, body)
	if err != nil {
		var quoting *url.Error
		if errors.As(err, &quoting) { // its text repeats the path, with its query
			err = quoting.Err
		}
		return options{}, err
	}
	r.Header.Set("Accept", "application/json")
	if in != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	o := options{request: r}
	for _, opt := range opts {
		if err := opt(&o); err != nil {
			return options{}, err
		}
	}
	return o, nil
}
