//! What providers of models speak: requests in, events out, without a connection.
