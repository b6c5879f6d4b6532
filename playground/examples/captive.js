// A captive dependency: look at the line that is refused. The cart of the first visitor would have been everyone's.
// Elsewhere: the singleton keeps what belongs to the first request, and shows it to all others.
import { createContainer, scoped, singleton, token, value } from "thimble";

const Visitor = token("visitor");

class Cart {
  items = [];
  constructor(visitor) {
    this.of = visitor;
  }
}
class Checkout {
  constructor(cart) {
    this.cart = cart;
  }
}

const app = createContainer(
  "shop",
  scoped(Cart, [Visitor]),
  singleton(Checkout, [Cart]), // write scoped here
);

const ada = app.createScope("request", value(Visitor, "Ada"));
console.log("The cart of", ada.get(Cart).of);

const ben = app.createScope("request", value(Visitor, "Ben"));
console.log("Ben pays for the cart of", ben.get(Checkout).cart.of);
