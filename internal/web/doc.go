// Package web is the house's face on HTTP: the pages, the API, the live streams.
//
// It promises that every answer carries the security headers, that a request for another host or from another origin is
// refused, that a panic becomes a fault with a number and not a broken connection, and that the log holds no query string,
// cookie or body. It decides nothing: features do. Nothing imports it but the composition root.
package web
