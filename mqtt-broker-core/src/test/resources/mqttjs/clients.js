'use strict';
// Clients of MQTT.js for MqttJs.java: one process, any number of clients. A command is a line of form-encoded fields on
// stdin; its answer, and each message that a client receives, is such a line on stdout. Ends when stdin does.
const mqtt = require('mqtt');
const readline = require('node:readline');

const clients = new Map();
const commands = { connect, subscribe, publish, close };

readline.createInterface({ input: process.stdin }).on('line', line => {
  const command = new URLSearchParams(line);
  let answered = false; // an error of a connection may come long after its CONNACK: it is no second answer
  const answer = (error, fields = {}) => {
    if (answered) {
      process.stderr.write(`${command.get('do')} of ${command.get('client')}, later: ${error}\n`);
      return;
    }
    answered = true;
    const outcome = error ? { error: String(error) } : fields;
    say({ call: command.get('call'), ...outcome });
  };
  try {
    commands[command.get('do')](command, answer);
  } catch (error) {
    answer(error);
  }
}).on('close', () => process.exit());

function say(fields) {
  process.stdout.write(new URLSearchParams(fields) + '\n');
}

function connect(command, answer) {
  const version = number(command, 'version');
  const options = {
    protocolVersion: version,
    protocolId: version === 3 ? 'MQIsdp' : 'MQTT',
    clientId: command.get('clientId'),
    clean: command.get('clean') === 'true',
    keepalive: number(command, 'keepAlive'),
    username: command.get('userName') ?? undefined,
    password: command.get('password') ?? undefined,
    reconnectPeriod: 0,
    autoAssignTopicAlias: command.has('aliases'),
  };
  if (command.has('ca')) {
    options.ca = command.get('ca');
  }
  if (version === 5) {
    options.properties = { sessionExpiryInterval: number(command, 'expiry') };
    if (command.has('aliases')) {
      options.properties.topicAliasMaximum = number(command, 'aliases');
    }
  }
  if (command.has('topic')) {
    options.will = { topic: command.get('topic'), payload: command.get('payload'), ...messageOptions(command) };
    if (version === 5) {
      options.will.properties = { ...options.will.properties, willDelayInterval: number(command, 'delay') };
    }
  }
  const client = mqtt.connect(command.get('url'), options);
  clients.set(command.get('client'), client);
  client.once('connect', connack => answer(null, {
    sessionPresent: connack.sessionPresent,
    assigned: connack.properties?.assignedClientIdentifier ?? '',
  }));
  client.once('error', answer);
  client.on('error', () => {}); // a client that nobody listens to would end the process
  const topics = new Map(); // by alias: MQTT.js 5.16.0 forgets the topic of a QoS 2 message that came with an alias alone
  client.on('message', (topic, payload, packet) => {
    const alias = packet.properties?.topicAlias;
    if (topic !== '' && alias !== undefined) {
      topics.set(alias, topic);
    }
    say(received(command.get('client'), topic || topics.get(alias), payload, packet));
  });
}

function subscribe(command, answer) {
  const subscription = {
    qos: number(command, 'qos'),
    nl: command.get('noLocal') === 'true',
    rap: command.get('retainAsPublished') === 'true',
    rh: number(command, 'retainHandling'),
  };
  const identifier = number(command, 'identifier');
  const options = identifier > 0 ? { properties: { subscriptionIdentifier: identifier } } : {};
  clientOf(command).subscribe({ [command.get('filter')]: subscription }, options, answerOnce(answer));
}

function publish(command, answer) {
  clientOf(command).publish(command.get('topic'), command.get('payload'), messageOptions(command), answerOnce(answer));
}

function close(command, answer) {
  const client = clientOf(command);
  clients.delete(command.get('client'));
  client.end(!client.connected, {}, answerOnce(answer));
}

/** MQTT.js hands over more than the error, and its packets aren't fields. */
function answerOnce(answer) {
  return error => answer(error);
}

function clientOf(command) {
  return clients.get(command.get('client'));
}

function number(command, name) {
  return Number(command.get(name) ?? 0);
}

function messageOptions(command) {
  const properties = {};
  for (const name of ['contentType', 'responseTopic']) {
    if (command.has(name)) {
      properties[name] = command.get(name);
    }
  }
  if (command.has('correlation')) {
    properties.correlationData = Buffer.from(command.get('correlation'));
  }
  if (command.has('messageExpiry')) {
    properties.messageExpiryInterval = number(command, 'messageExpiry');
  }
  const values = command.getAll('propertyValue');
  command.getAll('propertyName').forEach((name, i) => {
    properties.userProperties ??= {};
    (properties.userProperties[name] ??= []).push(values[i]);
  });
  return { qos: number(command, 'qos'), retain: command.get('retain') === 'true', properties };
}

function received(client, topic, payload, packet) {
  const { properties = {} } = packet;
  const fields = [['client', client], ['topic', topic], ['payload', payload], ['qos', packet.qos],
    ['retain', packet.retain]];
  for (const [name, value] of Object.entries({
    contentType: properties.contentType,
    responseTopic: properties.responseTopic,
    correlation: properties.correlationData,
    messageExpiry: properties.messageExpiryInterval,
    identifier: properties.subscriptionIdentifier,
  })) {
    if (value !== undefined) {
      fields.push([name, value]);
    }
  }
  for (const [name, value] of Object.entries(properties.userProperties ?? {})) {
    for (const one of [value].flat()) {
      fields.push(['propertyName', name], ['propertyValue', one]);
    }
  }
  return fields;
}
