// The vendor's own crypto, one JSON order on stdin, one JSON answer on stdout.
const { decrypt, encrypt, getSignature } = require("@wecom/crypto");

const order = JSON.parse(require("fs").readFileSync(0, "utf8"));
const { token, key, id, timestamp, nonce } = order;
const sealed = order.sealed ?? encrypt(key, order.message, id);
const opened = decrypt(key, sealed);
const signature = getSignature(token, timestamp, nonce, sealed);
process.stdout.write(JSON.stringify({ sealed, signature, message: opened.message, id: opened.id }));
