#!/bin/sh
# A certificate authority and certificates FOR TRYING OUT. For real use take those of your own authority, or of a public one.
#
#   sh certificates.sh FOLDER NAME…     makes FOLDER/ca.crt, and FOLDER/NAME.crt and FOLDER/NAME.key for each NAME (also valid for localhost)
#
# What is there stays as it is: run it again to add a name. Valid for a year; `openssl x509 -enddate -noout -in FILE` says until when.
set -eu
umask 077

[ $# -ge 2 ] || { echo "usage: certificates.sh FOLDER NAME…" >&2; exit 2; }
folder=$1
shift
mkdir -p "$folder"

if [ ! -e "$folder/ca.key" ]; then
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days 365 -sha256 \
        -subj "/CN=alarmcore trial authority" -addext "basicConstraints=critical,CA:TRUE" -addext "keyUsage=critical,keyCertSign,cRLSign" \
        -keyout "$folder/ca.key" -out "$folder/ca.crt" 2>/dev/null
fi

for name in "$@"; do
    # A device's name has a slash (TENANT/DEVICE), which no file name can have.
    file="$folder/$(echo "$name" | tr / _)"
    [ -e "$file.key" ] && continue
    extensions="basicConstraints=CA:FALSE\nkeyUsage=digitalSignature\nextendedKeyUsage=serverAuth,clientAuth\n"
    case $name in
        */*) ;;
        *) extensions="${extensions}subjectAltName=DNS:$name,DNS:localhost,IP:127.0.0.1\n" ;;
    esac
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -subj "/CN=$(echo "$name" | sed 's,/,\\/,g')" \
        -keyout "$file.key" -out "$file.csr" 2>/dev/null
    # shellcheck disable=SC2059 - the extensions are made above
    printf "$extensions" >"$file.ext"
    openssl x509 -req -in "$file.csr" -CA "$folder/ca.crt" -CAkey "$folder/ca.key" -CAcreateserial -days 365 -sha256 \
        -extfile "$file.ext" -out "$file.crt" 2>/dev/null
    rm "$file.csr" "$file.ext"
done
