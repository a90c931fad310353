package outbound_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/plimsoll-go/plimsoll/config"
	"github.com/plimsoll-go/plimsoll/outbound"
)

// recommendations is what a page can do without: what sells best stands in for it.
func recommendations(ctx context.Context, shop *outbound.Client, user string) ([]string, error) {
	var items []string
	err := shop.GetJSON(ctx, "/recommendations/"+user, &items,
		outbound.Fallback(func(context.Context, error) error {
			items = []string{"bestseller"}
			return nil
		}))
	return items, err
}

// What does a page show while a dependency is down?
func ExampleFallback() {
	down := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }))
	defer down.Close()
	url, err := config.ParseURL(down.URL)
	if err != nil {
		fmt.Println(err)
		return
	}
	shop := outbound.New(nil, outbound.Config{Name: "shop", URL: url})
	fmt.Println(recommendations(context.Background(), shop, "ada"))
	// Output: [bestseller] <nil>
}
