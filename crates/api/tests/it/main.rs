//! The API from the outside: requests against the whole router, over a database and a store in a temporary folder.

mod openapi;
