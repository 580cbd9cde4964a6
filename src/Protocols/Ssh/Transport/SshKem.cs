using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Generators;
using Org.BouncyCastle.Crypto.Kems;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Pqc.Crypto.NtruPrime;

namespace Sallyport.Protocols.Ssh.Transport;

/// <summary>A key encapsulation mechanism: the post-quantum half of a hybrid exchange.</summary>
internal abstract class SshKem
{
    public abstract int PublicSize { get; }

    public abstract int CiphertextSize { get; }

    /// <summary>A new key, and the encoding of its public half.</summary>
    public abstract byte[] Generate();

    /// <summary>A secret for the holder of a key; null: the key is not one.</summary>
    public abstract (byte[] Ciphertext, byte[] Secret)? Encapsulate(byte[] publicKey);

    /// <summary>The secret. A ciphertext that is not one gives a secret that nobody knows, as the mechanisms want it.</summary>
    public abstract byte[] Decapsulate(byte[] ciphertext);
}

/// <summary>ML-KEM-768 (FIPS 203).</summary>
internal sealed class SshMlKem768 : SshKem
{
    private MLKemPrivateKeyParameters? _private;

    public override int PublicSize => 1184;

    public override int CiphertextSize => 1088;

    public override byte[] Generate()
    {
        var generator = new MLKemKeyPairGenerator();
        generator.Init(new MLKemKeyGenerationParameters(SshKexCurve25519.SecureRandom, MLKemParameters.ml_kem_768));
        AsymmetricCipherKeyPair pair = generator.GenerateKeyPair();
        _private = (MLKemPrivateKeyParameters)pair.Private;
        return ((MLKemPublicKeyParameters)pair.Public).GetEncoded();
    }

    public override (byte[] Ciphertext, byte[] Secret)? Encapsulate(byte[] publicKey)
    {
        MLKemPublicKeyParameters key;
        try
        {
            // FIPS 203 7.2: checks the length and that every coefficient is reduced.
            key = MLKemPublicKeyParameters.FromEncoding(MLKemParameters.ml_kem_768, publicKey);
        }
        catch (ArgumentException)
        {
            return null;
        }

        var encapsulator = new MLKemEncapsulator(MLKemParameters.ml_kem_768);
        encapsulator.Init(new ParametersWithRandom(key, SshKexCurve25519.SecureRandom));
        byte[] ciphertext = new byte[encapsulator.EncapsulationLength];
        byte[] secret = new byte[encapsulator.SecretLength];
        encapsulator.Encapsulate(ciphertext, 0, ciphertext.Length, secret, 0, secret.Length);
        return (ciphertext, secret);
    }

    public override byte[] Decapsulate(byte[] ciphertext)
    {
        var decapsulator = new MLKemDecapsulator(MLKemParameters.ml_kem_768);
        decapsulator.Init(_private);
        byte[] secret = new byte[decapsulator.SecretLength];
        decapsulator.Decapsulate(ciphertext, 0, ciphertext.Length, secret, 0, secret.Length);
        return secret;
    }
}

/// <summary>Streamlined NTRU Prime, sntrup761.</summary>
internal sealed class SshSntrup761 : SshKem
{
    private SNtruPrimePrivateKeyParameters? _private;

    public override int PublicSize => 1158;

    public override int CiphertextSize => 1039;

    public override byte[] Generate()
    {
        var generator = new SNtruPrimeKeyPairGenerator();
        generator.Init(new SNtruPrimeKeyGenerationParameters(SshKexCurve25519.SecureRandom, SNtruPrimeParameters.sntrup761));
        AsymmetricCipherKeyPair pair = generator.GenerateKeyPair();
        _private = (SNtruPrimePrivateKeyParameters)pair.Private;
        return ((SNtruPrimePublicKeyParameters)pair.Public).GetEncoded();
    }

    public override (byte[] Ciphertext, byte[] Secret)? Encapsulate(byte[] publicKey)
    {
        var key = new SNtruPrimePublicKeyParameters(SNtruPrimeParameters.sntrup761, publicKey);
        using ISecretWithEncapsulation made = new SNtruPrimeKemGenerator(SshKexCurve25519.SecureRandom).GenerateEncapsulated(key);
        return (made.GetEncapsulation(), made.GetSecret());
    }

    public override byte[] Decapsulate(byte[] ciphertext) => new SNtruPrimeKemExtractor(_private).ExtractSecret(ciphertext);
}
