# Stands in for python:3.13-slim-trixie: Debian's Python 3.13 where the original has its own.
FROM standin/debian:trixie
COPY host/ /
RUN apt-get -qq update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends python3-pip python3-venv \
    && rm -rf /var/lib/apt/lists/* \
    && for name in python python3 python3.13; do ln -s /usr/bin/python3.13 "/usr/local/bin/$name"; done \
    && printf '#!/bin/sh\nexec python3.13 -m pip "$@"\n' >/usr/local/bin/pip \
    && chmod 755 /usr/local/bin/pip
ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8
CMD ["python3"]
