using System.Buffers.Binary;
using System.Text;
using System.Text.Json.Nodes;
using Sallyport.Shared.KubernetesServer.Requests;

namespace Sallyport.Shared.KubernetesServer.Objects;

/// <summary>
/// Bodies in Kubernetes' protobuf, of the few kinds that kubectl writes so (create namespace, configmap, secret, token; auth can-i and whoami;
/// drain): the bytes <c>k8s\0</c>, then <c>runtime.Unknown</c> with the kind and the object (Kubernetes API concepts, "Kubernetes Protobuf encoding").
/// Any other kind is refused as a custom resource refuses it: 415.
/// </summary>
internal static class ProtobufBodies
{
    private const string Review = "ra:1=namespace,2=verb,3=group,4=version,5=resource,6=subresource,7=name|nra:1=path,2=verb";

    // A message a line: its fields by number. "name:type" is a message, "name#" a number, "name?" a truth, "name*" repeated text,
    // "name{}" a map of text, "name{b}" one of bytes, "name[]:type" repeated messages.
    private static readonly Dictionary<string, Dictionary<int, string>> Messages = Parse(
        $"meta:1=name,2=generateName,3=namespace,5=uid,6=resourceVersion,11=labels{{}},12=annotations{{}},13=ownerReferences[]:owner,14=finalizers*|" +
        "owner:1=kind,3=name,4=uid,5=apiVersion,6=controller?,7=blockOwnerDeletion?|" +
        $"{Review}|reviewspec:1=resourceAttributes:ra,2=nonResourceAttributes:nra,3=user,4=groups*,6=uid|" +
        "rulesspec:1=namespace|" +
        "SelfSubjectAccessReview:1=metadata:meta,2=spec:reviewspec|SubjectAccessReview:1=metadata:meta,2=spec:reviewspec|" +
        "SelfSubjectRulesReview:1=metadata:meta,2=spec:rulesspec|SelfSubjectReview:1=metadata:meta|" +
        "tokenspec:1=audiences*,4=expirationSeconds#|TokenRequest:1=metadata:meta,2=spec:tokenspec|" +
        "preconditions:1=uid,2=resourceVersion|" +
        "DeleteOptions:1=gracePeriodSeconds#,2=preconditions:preconditions,3=orphanDependents?,4=propagationPolicy,5=dryRun*|" +
        "Eviction:1=metadata:meta,2=deleteOptions:DeleteOptions|" +
        "Namespace:1=metadata:meta|" +
        "ConfigMap:1=metadata:meta,2=data{},3=binaryData{b},4=immutable?|" +
        "Secret:1=metadata:meta,2=data{b},3=type,4=stringData{},5=immutable?|" +
        "ServiceAccount:1=metadata:meta");

    /// <summary>The object in a body.</summary>
    /// <exception cref="ApiException">415: not one of these kinds. 400: damaged.</exception>
    public static JsonObject Decode(byte[] body)
    {
        if (!body.AsSpan().StartsWith("k8s\0"u8))
            throw ApiException.BadRequest("the body is not Kubernetes' protobuf: it does not begin with its magic");
        try
        {
            (string apiVersion, string kind, byte[] raw) = ("", "", []);
            foreach ((int number, byte[] value, ulong _) in Fields(body.AsMemory(4)))
            {
                if (number == 2)
                    raw = value;
                if (number != 1)
                    continue;
                foreach ((int inner, byte[] text, ulong _) in Fields(value))
                    (apiVersion, kind) = inner == 1 ? (Encoding.UTF8.GetString(text), kind) : inner == 2 ? (apiVersion, Encoding.UTF8.GetString(text)) : (apiVersion, kind);
            }

            if (!char.IsUpper(kind.FirstOrDefault()) || !Messages.ContainsKey(kind))
                throw ApiException.UnsupportedMediaType("application/json, application/yaml");
            JsonObject made = Message(kind, raw);
            (made["apiVersion"], made["kind"]) = (apiVersion, kind);
            return made;
        }
        catch (InvalidDataException e)
        {
            throw ApiException.BadRequest("error decoding the body: " + e.Message);
        }
    }

    private static JsonObject Message(string type, ReadOnlyMemory<byte> bytes)
    {
        JsonObject made = [];
        foreach ((int number, byte[] value, ulong whole) in Fields(bytes))
        {
            if (!Messages[type].TryGetValue(number, out string? field))
                continue;
            switch (field)
            {
                case [.. var name, '#']:
                    made[name] = (long)whole;
                    break;
                case [.. var name, '?']:
                    made[name] = whole != 0;
                    break;
                case [.. var name, '*']:
                    List(made, name).Add(Encoding.UTF8.GetString(value));
                    break;
                case [.. var name, '{', '}']:
                    (string key, byte[] text) = Entry(value);
                    made.Child(name)[key] = Encoding.UTF8.GetString(text);
                    break;
                case [.. var name, '{', 'b', '}']:
                    (string binary, byte[] data) = Entry(value);
                    made.Child(name)[binary] = Convert.ToBase64String(data);
                    break;
                default:
                    string[] parts = field.Split(':');
                    if (parts.Length == 1 && value.Length > 0)
                        made[field] = Encoding.UTF8.GetString(value);
                    else if (parts.Length == 2 && parts[0].EndsWith("[]", StringComparison.Ordinal))
                        List(made, parts[0][..^2]).Add(Message(parts[1], value));
                    else if (parts.Length == 2)
                        made[parts[0]] = Message(parts[1], value);
                    break;
            }
        }

        return made;
    }

    private static JsonArray List(JsonObject map, string name)
    {
        if (map[name] is not JsonArray list)
            map[name] = list = [];
        return list;
    }

    private static (string Key, byte[] Value) Entry(byte[] bytes)
    {
        (string key, byte[] value) = ("", []);
        foreach ((int number, byte[] part, ulong _) in Fields(bytes))
            (key, value) = number == 1 ? (Encoding.UTF8.GetString(part), value) : (key, part);
        return (key, value);
    }

    /// <summary>Field after field: a length-delimited one has bytes, a varint a number.</summary>
    private static IEnumerable<(int Number, byte[] Bytes, ulong Whole)> Fields(ReadOnlyMemory<byte> rest)
    {
        while (rest.Length > 0)
        {
            ulong tag = Varint(ref rest);
            switch (tag & 7)
            {
                case 0:
                    yield return ((int)(tag >> 3), [], Varint(ref rest));
                    break;
                case 2:
                    ulong length = Varint(ref rest);
                    yield return ((int)(tag >> 3), Take(ref rest, length).ToArray(), 0);
                    break;
                case 1:
                    yield return ((int)(tag >> 3), [], BinaryPrimitives.ReadUInt64LittleEndian(Take(ref rest, 8).Span));
                    break;
                case 5:
                    yield return ((int)(tag >> 3), [], BinaryPrimitives.ReadUInt32LittleEndian(Take(ref rest, 4).Span));
                    break;
                default:
                    throw new InvalidDataException($"wire type {tag & 7}");
            }
        }
    }

    private static ReadOnlyMemory<byte> Take(ref ReadOnlyMemory<byte> rest, ulong length)
    {
        if (length > (ulong)rest.Length)
            throw new InvalidDataException("unexpected EOF");
        ReadOnlyMemory<byte> taken = rest[..(int)length];
        rest = rest[(int)length..];
        return taken;
    }

    private static ulong Varint(ref ReadOnlyMemory<byte> rest)
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            byte part = Take(ref rest, 1).Span[0];
            value |= (ulong)(part & 0x7f) << shift;
            if (part < 0x80)
                return value;
        }

        throw new InvalidDataException("a number is too long");
    }

    private static Dictionary<string, Dictionary<int, string>> Parse(string table) => table.Split('|').ToDictionary(
        message => message[..message.IndexOf(':', StringComparison.Ordinal)],
        message => message[(message.IndexOf(':', StringComparison.Ordinal) + 1)..].Split(',').ToDictionary(
            field => int.Parse(field[..field.IndexOf('=', StringComparison.Ordinal)], System.Globalization.CultureInfo.InvariantCulture),
            field => field[(field.IndexOf('=', StringComparison.Ordinal) + 1)..]));
}
