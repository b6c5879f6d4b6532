// A missing provider: look at the path in the error. It leads from what was resolved to what nobody provides.
// Elsewhere: the error of a TypeError three services further down, or undefined as an argument.
import { createContainer, singleton, token } from "thimble";

const DbUrl = token("db url");

class Db {
  constructor(url) {}
}
class Users {
  constructor(db) {}
}
class SignUp {
  constructor(users) {}
}

const app = createContainer(
  "shop",
  singleton(SignUp, [Users]),
  singleton(Users, [Db]),
  singleton(Db, [DbUrl]),
  // value(DbUrl, "postgres://shop"),
);

app.get(SignUp);
