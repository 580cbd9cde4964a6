namespace Sallyport.Protocols.Ssh.Keys;

/// <summary>
/// Reads binary lists of revoked keys (PROTOCOL.krl). Signatures are passed over: what makes a list trusted is where the operator put it. Every bound is that of
/// the file's own length.
/// </summary>
internal static class KrlReader
{
    private const uint FormatVersion = 1;
    private const int MaxBitmapBytes = 1 << 20;
    private const int MaxKeyId = 4096;

    private enum Section : byte
    {
        Certificates = 1,
        ExplicitKey = 2,
        FingerprintSha1 = 3,
        Signature = 4,
        FingerprintSha256 = 5,
        Extension = 255,
    }

    private enum CertificateSection : byte
    {
        SerialList = 0x20,
        SerialRange = 0x21,
        SerialBitmap = 0x22,
        KeyId = 0x23,
        Extension = 0x39,
    }

    public static ReadOnlySpan<byte> Magic => "SSHKRL\n\0"u8;

    public static bool TryRead(ReadOnlySpan<byte> file, KeyRevocationList list)
    {
        var reader = new SshReader(file[Magic.Length..]);
        if (reader.ReadUInt32() != FormatVersion)
            return false;
        list.Version = reader.ReadUInt64();
        reader.ReadUInt64(); // generated
        reader.ReadUInt64(); // flags
        reader.ReadString(); // reserved
        reader.ReadString(); // comment
        bool signed = false;
        while (reader.HasMore)
        {
            var section = (Section)reader.ReadByte();
            ReadOnlySpan<byte> data = reader.ReadString();
            if (section == Section.Signature)
            {
                // The section's string is the signer's key; its signature follows. Nothing but signatures may.
                reader.ReadString();
                signed = true;
                continue;
            }

            if (reader.Failed || signed || !TryReadSection(section, data, list))
                return false;
        }

        return !reader.Failed;
    }

    private static bool TryReadSection(Section section, ReadOnlySpan<byte> data, KeyRevocationList list)
    {
        var reader = new SshReader(data);
        if (section == Section.Certificates)
            return TryReadCertificates(ref reader, list);
        if (section == Section.Extension)
            return IsHarmless(ref reader);
        if (section is not (Section.ExplicitKey or Section.FingerprintSha1 or Section.FingerprintSha256))
            return false;
        while (reader.HasMore)
        {
            switch (section)
            {
                case Section.ExplicitKey:
                    // Keys of types that are not taken anyway (DSA) may be on a list made elsewhere.
                    if (SshPublicKey.TryParse(reader.ReadString(), out SshPublicKey? key))
                        list.Add(key);
                    break;
                case Section.FingerprintSha1:
                    list.AddSha1(reader.ReadString(20));
                    break;
                default:
                    list.AddSha256(reader.ReadString(32));
                    break;
            }
        }

        return !reader.Failed;
    }

    private static bool TryReadCertificates(ref SshReader reader, KeyRevocationList list)
    {
        ReadOnlySpan<byte> authority = reader.ReadString();
        reader.ReadString(); // reserved
        SshPublicKey? key = null;
        bool known = authority.IsEmpty || SshPublicKey.TryParse(authority, out key);
        var certificates = new KrlCertificates(key);
        while (reader.HasMore)
        {
            var section = (CertificateSection)reader.ReadByte();
            var data = new SshReader(reader.ReadString());
            if (reader.Failed || !TryReadCertificateSection(section, ref data, certificates))
                return false;
        }

        certificates.Seal();
        if (known)
            list.Add(certificates);
        return !reader.Failed;
    }

    private static bool TryReadCertificateSection(CertificateSection section, ref SshReader data, KrlCertificates certificates)
    {
        switch (section)
        {
            case CertificateSection.SerialList:
                while (data.HasMore)
                {
                    ulong serial = data.ReadUInt64();
                    certificates.Add(serial, serial);
                }

                return !data.Failed;
            case CertificateSection.SerialRange:
                ulong first = data.ReadUInt64(), last = data.ReadUInt64();
                certificates.Add(first, last);
                return data.AtEnd && first <= last;
            case CertificateSection.SerialBitmap:
                return TryReadBitmap(ref data, certificates);
            case CertificateSection.KeyId:
                while (data.HasMore)
                    certificates.Add(data.ReadText(MaxKeyId));
                return !data.Failed;
            case CertificateSection.Extension:
                return IsHarmless(ref data);
            default:
                return false;
        }
    }

    /// <summary>Bit n of a number, counted from its lowest, revokes the offset plus n.</summary>
    private static bool TryReadBitmap(ref SshReader data, KrlCertificates certificates)
    {
        ulong offset = data.ReadUInt64();
        ReadOnlySpan<byte> bitmap = data.ReadMpint();
        if (!data.AtEnd || bitmap.Length > MaxBitmapBytes)
            return false;
        for (int bit = 0; bit < bitmap.Length * 8; bit++)
        {
            if ((bitmap[bitmap.Length - 1 - (bit / 8)] & (1 << (bit % 8))) == 0)
                continue;
            ulong serial = offset + (ulong)bit;
            if (serial < offset)
                return false;
            certificates.Add(serial, serial);
        }

        return true;
    }

    /// <summary>An extension that is not known may be passed over unless it says that it matters.</summary>
    private static bool IsHarmless(ref SshReader reader)
    {
        reader.ReadText(256);
        bool critical = reader.ReadByte() != 0;
        reader.ReadString();
        return reader.AtEnd && !critical;
    }
}
