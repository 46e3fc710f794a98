"""Makes a model as people do, by MLflow and safetensors, and signs it by model_signing: with a key, and with a certificate.

    make_model.py FOLDER: by-key/ and by-certificate/, and beside them key.pub, other.pub, root.pem, other-root.pem
"""

import datetime
import json
import os
import pathlib
import shutil
import sys

import mlflow
import model_signing
import numpy
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, ParamSchema, ParamSpec, Schema
from safetensors.numpy import save_file

PEM = serialization.Encoding.PEM
NOW = datetime.datetime.now(datetime.timezone.utc)


class Doubler(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return (model_input["age"] * (params or {"factor": 2.0})["factor"]).tolist()


def write_model(folder: pathlib.Path) -> None:
    signature = ModelSignature(
        inputs=Schema([ColSpec("double", "age"), ColSpec("string", "plan", required=False)]),
        outputs=Schema([ColSpec("double")]),
        params=ParamSchema([ParamSpec("factor", "double", 2.0)]),
    )
    mlflow.pyfunc.save_model(
        str(folder), python_model=Doubler(), signature=signature, pip_requirements=["mlflow-skinny"]
    )
    random = numpy.random.default_rng(7)
    shards = [
        {"layer.0.weight": random.normal(size=(64, 32)).astype("float32"), "scale": numpy.array(3, dtype="float32")},
        {"layer.1.weight": random.integers(-8, 8, size=(16,), dtype="int8")},
    ]
    names = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
    for name, tensors in zip(names, shards):
        save_file(tensors, str(folder / name), metadata={"format": "np"})
    index = {
        "metadata": {"total_size": sum(each.nbytes for tensors in shards for each in tensors.values())},
        "weight_map": {tensor: name for name, tensors in zip(names, shards) for tensor in tensors},
    }
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))


def new_key(path: pathlib.Path) -> ec.EllipticCurvePrivateKey:
    key = ec.generate_private_key(ec.SECP256R1())
    private = key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.with_suffix(".pem").write_bytes(private)
    public = key.public_key().public_bytes(PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    path.with_suffix(".pub").write_bytes(public)
    return key


def certificate(name, key, issuer, issuer_key, *, is_root):
    named = lambda text: x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
    usage = dict.fromkeys(
        ["content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only", "decipher_only"],
        False,
    )
    return (
        x509.CertificateBuilder()
        .subject_name(named(name))
        .issuer_name(named(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - datetime.timedelta(days=1))
        .not_valid_after(NOW + datetime.timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=is_root, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(digital_signature=not is_root, key_cert_sign=is_root, crl_sign=is_root, **usage),
            critical=True,
        )
        .sign(issuer_key, hashes.SHA256())
    )


def main(at: pathlib.Path) -> None:
    by_key, by_certificate = at / "by-key", at / "by-certificate"
    write_model(by_key)
    shutil.copytree(by_key, by_certificate)
    for name in ("key", "other"):
        new_key(at / name)
    model_signing.signing.Config().use_elliptic_key_signer(private_key=at / "key.pem").sign(
        by_key, by_key / "model.sig"
    )
    for name in ("root", "other-root"):
        root_key = new_key(at / f"{name}-key")
        root = certificate(name, root_key, name, root_key, is_root=True)
        (at / f"{name}.pem").write_bytes(root.public_bytes(PEM))
        if name == "root":
            leaf_key = new_key(at / "leaf")
            leaf = certificate("signer", leaf_key, "root", root_key, is_root=False)
            (at / "signer.pem").write_bytes(leaf.public_bytes(PEM))
    model_signing.signing.Config().use_certificate_signer(
        private_key=at / "leaf.pem", signing_certificate=at / "signer.pem", certificate_chain=[at / "root.pem"]
    ).sign(by_certificate, by_certificate / "model.sig")


if __name__ == "__main__":
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    main(pathlib.Path(sys.argv[1]))
