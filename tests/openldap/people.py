"""The directory that the LDAP connector reads in these tests: people and groups with everything odd about them."""

from __future__ import annotations

from base64 import b64encode

from attrflow_mocks.openldap_example import base_ldif

SUFFIX = "dc=example,dc=test"
PEOPLE, GROUPS = f"ou=people,{SUFFIX}", f"ou=groups,{SUFFIX}"
ANN, BOB, TEAM = f"uid=ann,{PEOPLE}", f"uid=bob,{PEOPLE}", f"cn=team,{GROUPS}"
PHOTO = bytes(range(256))
CLASSES = "objectClass: top\nobjectClass: person\nobjectClass: organizationalPerson\nobjectClass: inetOrgPerson\n"

SEED = f"""{base_ldif(SUFFIX)}
dn: {PEOPLE}
objectClass: organizationalUnit
ou: people

dn: {GROUPS}
objectClass: organizationalUnit
ou: groups

dn: ou=inner,{PEOPLE}
objectClass: organizationalUnit
ou: inner

dn: {ANN}
{CLASSES}objectClass: posixAccount
uid: ann
cn: Ann Ås
cn;lang-en: Ann Aas
sn: Ås
uidNumber: 1001
gidNumber: 100
homeDirectory: /home/ann
telephoneNumber:: {b64encode(b"  +47 22 00 00 00 ").decode()}
mail: ann@example.test
mail: a@example.test
jpegPhoto:: {b64encode(PHOTO).decode()}
userCertificate;binary:: {b64encode(b"0" + bytes([3, 2, 1, 5])).decode()}

dn: {BOB}
objectClass: inetOrgPerson
uid: bob
cn: Bob
sn: Bob
manager: {ANN}

dn: uid=deep,ou=inner,{PEOPLE}
objectClass: inetOrgPerson
uid: deep
cn: Deep
sn: Deep

dn: {TEAM}
objectClass: groupOfNames
cn: team
member: {ANN}
member: uid=gone,{PEOPLE}

dn: cn=unique,{GROUPS}
objectClass: groupOfUniqueNames
cn: unique
uniqueMember: {ANN}#'0101'B
uniqueMember: {BOB}
"""
ATTRIBUTES = {
    "inetOrgPerson": (
        *("uid", "cn", "commonName", "sn", "telephoneNumber", "mail", "jpegPhoto", "userCertificate"),
        *("manager", "uidNumber", "createTimestamp", "objectGUID"),
    ),
    "groupOfNames": ("cn", "member"),
    "groupOfUniqueNames": ("cn", "uniqueMember"),
}
