using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using Sallyport.Protocols.Postgres.Sql;

namespace Sallyport.Protocols.Postgres;

/// <summary>
/// What an approval is bound to: SHA-256 over everything that decides what a statement does. Two statements have one digest only when PostgreSQL
/// reads the same tokens from them, by the same settings, with the same values.
/// <code>
///  Byte1 version   Int32 0 or 32, SHA-256 of what was run before it in the session (<see cref="PgSessionTrail"/>)
///  Byte1 standard_conforming_strings   Byte1 encoding is safe   Byte1 form
///  form 1: for each token Int32 length, bytes; Int32 -1      (white space and comments differ, semicolons at the end are left out)
///  form 0: Int32 length, the text as it is                   (it was not understood: nothing is left out)
///  Int32 n, n x Int32 parameter type     (as Parse gave them)
///  Int32 n, n x (Int16 format, Int32 length or -1, bytes)
///  Int32 n, n x Int16 result format
/// </code>
/// </summary>
internal static class PgDigest
{
    private const byte Version = 2;

    /// <summary>The digest of a text, and of the values it is run with; null: a Query has none.</summary>
    public static byte[] Of(ReadOnlySpan<byte> text, SqlSettings settings, bool isUnderstood, ReadOnlySpan<uint> types, PgBoundValues? values, ReadOnlySpan<byte> trail = default)
    {
        var to = new ArrayBufferWriter<byte>(text.Length * 2 + 64);
        Write(to, text, settings, isUnderstood, types, values, trail);
        return SHA256.HashData(to.WrittenSpan);
    }

    /// <summary>What is hashed. It can be read back in one way only, so that different statements are different bytes.</summary>
    internal static void Write(
        ArrayBufferWriter<byte> to, ReadOnlySpan<byte> text, SqlSettings settings, bool isUnderstood, ReadOnlySpan<uint> types, PgBoundValues? values, ReadOnlySpan<byte> trail = default)
    {
        Byte(to, Version);
        Sized(to, trail);
        Byte(to, (byte)settings.StandardConformingStrings);
        Byte(to, settings.AsciiSafeEncoding ? (byte)1 : (byte)0);
        if (!isUnderstood || !TryTokens(to, text, settings))
        {
            Byte(to, 0);
            Sized(to, text);
        }

        Int32(to, types.Length);
        foreach (uint type in types)
            Int32(to, (int)type);
        Int32(to, values?.Count ?? 0);
        for (int i = 0; i < (values?.Count ?? 0); i++)
        {
            Int16(to, values!.Format(i));
            if (values.IsNull(i))
                Int32(to, -1);
            else
                Sized(to, values.Value(i));
        }

        Int32(to, values?.ResultFormats.Length ?? 0);
        foreach (short format in values?.ResultFormats ?? [])
            Int16(to, format);
    }

    /// <returns>False, and nothing written, when the lexer gives up: what it did not read could be anything.</returns>
    private static bool TryTokens(ArrayBufferWriter<byte> to, ReadOnlySpan<byte> text, SqlSettings settings)
    {
        if (EndOf(text, settings) is not { } end)
            return false;
        Byte(to, 1);
        var lexer = new SqlLexer(text[..end], settings.StandardConformingStrings);
        while (true)
        {
            lexer.Next(out SqlToken token);
            if (token.Kind == SqlTokenKind.End)
                break;
            Sized(to, text[token.Start..token.End]);
        }

        Int32(to, -1);
        return true;
    }

    /// <summary>Where the last token ends that is no semicolon; null when there is something that is no token.</summary>
    private static int? EndOf(ReadOnlySpan<byte> text, SqlSettings settings)
    {
        int end = 0;
        var lexer = new SqlLexer(text, settings.StandardConformingStrings);
        while (true)
        {
            lexer.Next(out SqlToken token);
            switch (token.Kind)
            {
                case SqlTokenKind.End:
                    return end;
                case SqlTokenKind.Bad:
                    return null;
                case SqlTokenKind.Semicolon:
                    break;
                default:
                    end = token.End;
                    break;
            }
        }
    }

    private static void Sized(ArrayBufferWriter<byte> to, ReadOnlySpan<byte> bytes)
    {
        Int32(to, bytes.Length);
        to.Write(bytes);
    }

    private static void Byte(ArrayBufferWriter<byte> to, byte value)
    {
        to.GetSpan(1)[0] = value;
        to.Advance(1);
    }

    private static void Int32(ArrayBufferWriter<byte> to, int value)
    {
        BinaryPrimitives.WriteInt32BigEndian(to.GetSpan(4), value);
        to.Advance(4);
    }

    private static void Int16(ArrayBufferWriter<byte> to, short value)
    {
        BinaryPrimitives.WriteInt16BigEndian(to.GetSpan(2), value);
        to.Advance(2);
    }
}
