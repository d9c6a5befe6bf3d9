// Looks at an order after it was placed and says how much it resembles those that are charged back.
// Each sign adds to a score of 0 to 100; from 60 on, people look at the order before it is sent.
//
// What comes in and what may be returned: docs/functions.md.

var REVIEW_FROM = 60;

// What a large order is, in minor units; other currencies count as the euro does.
var LARGE = { EUR: 30000, USD: 33000, GBP: 26000, JPY: 4800000 };

function country(address) {
  return address ? address.country : null;
}

function velocityScore(velocity, reasons) {
  var score = 0;
  if (velocity.orders_1h >= 3) {
    score += 40;
    reasons.push(velocity.orders_1h + ' other orders of this address within the hour');
  } else if (velocity.orders_24h >= 5) {
    score += 25;
    reasons.push(velocity.orders_24h + ' other orders of this address within a day');
  }
  if (velocity.declined_24h >= 2) {
    score += 35;
    reasons.push(velocity.declined_24h + ' declined payments within a day');
  }
  if (velocity.shipping_addresses_24h >= 3) {
    score += 20;
    reasons.push('sent to ' + velocity.shipping_addresses_24h + ' places within a day');
  }
  return score;
}

function amountScore(order, velocity, reasons) {
  var large = LARGE[order.currency] || LARGE.EUR;
  if (order.total < large) {
    return 0;
  }
  var known = velocity.earlier_paid_orders > 0;
  reasons.push((known ? 'a large order' : 'a large first order') + ': ' + order.total + ' ' +
               order.currency + ' (minor units)');
  return order.total >= 3 * large ? (known ? 30 : 60) : (known ? 10 : 35);
}

function addressScore(order, reasons) {
  var ship = country(order.shipping_address);
  var bill = country(order.billing_address);
  if (ship && bill && ship !== bill) {
    reasons.push('billed in ' + bill + ', sent to ' + ship);
    return 30;
  }
  if (ship && order.shipping_address.name !== order.billing_address.name) {
    reasons.push('billed to another name');
    return 10;
  }
  return 0;
}

function run(input) {
  var reasons = [];
  var score = velocityScore(input.velocity, reasons) +
              amountScore(input.order, input.velocity, reasons) +
              addressScore(input.order, reasons);
  score = Math.min(score, 100);
  console.log('score', score);
  return { decision: score >= REVIEW_FROM ? 'review' : 'accept', score: score, reasons: reasons };
}
