"""Lower precision: conversion of the weights, calibration, and a certificate of what it loses."""
