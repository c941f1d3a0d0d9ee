package dev.dunlin.broker.routing;

/** What the index finds at a place: the subscribers of one filter, or a node where several filters part. */
sealed interface Entry permits Node, Subscribers {}
