// A cycle: look at the path in the error. It names the circle, and the hint says how to open it.
// Elsewhere: a stack overflow, or a circle that is found only when production runs into it.
import { createContainer, singleton } from "thimble";

class Orders {
  constructor(invoices) {
    this.invoices = invoices;
  }
}
class Invoices {
  constructor(customers) {
    this.customers = customers;
  }
}
class Customers {
  constructor(orders) {
    this.orders = orders;
  }
}

const app = createContainer(
  "shop",
  singleton(Orders, [Invoices]),
  singleton(Invoices, [Customers]),
  singleton(Customers, [Orders]), // import defer, and write [defer(Orders)]
);

app.get(Orders);
console.log("built");
