/** What a request's scope is about. Not the class: servers such as Node's come with a `Request` of their own. */
export { CurrentRequest } from "thimble/fetch";
