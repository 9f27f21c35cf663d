# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A FunctionGraph, its IAM and the metadata service of an ECS on loopback, for tests, demo and rehearsals.

It does not use the collection's client: it reads the service's tables as data and checks signatures with the official
signer. See README.md in this folder.
"""
