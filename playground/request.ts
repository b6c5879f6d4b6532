/** What a request's scope is about. Not the class: servers such as Node's come with a `Request` of their own. */
import { token, type Token } from "thimble";

export const CurrentRequest: Token<Request> = token("request");
