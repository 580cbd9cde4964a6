using Sallyport.Contract;

namespace Sallyport.Policy.Matching;

/// <summary>A resource as patterns look at it: worked out once for all of them.</summary>
internal readonly ref struct ResourceName
{
    /// <param name="verb">What is done to it.</param>
    /// <param name="qualifier"><c>resource.group/subresource</c>.</param>
    /// <param name="name">The namespace, a zero byte, the object's name.</param>
    public ResourceName(Verb verb, ReadOnlySpan<byte> qualifier, ReadOnlySpan<byte> name)
    {
        int slash = qualifier.IndexOf((byte)'/');
        HasSubresource = slash >= 0;
        Subresource = HasSubresource ? qualifier[(slash + 1)..] : [];
        ReadOnlySpan<byte> kind = HasSubresource ? qualifier[..slash] : qualifier;
        int dot = kind.IndexOf((byte)'.');
        Resource = dot < 0 ? kind : kind[..dot];
        Group = dot < 0 ? [] : kind[(dot + 1)..];
        int zero = name.IndexOf((byte)0);
        Namespace = zero < 0 ? [] : name[..zero];
        Name = zero < 0 ? [] : name[(zero + 1)..];
        MayBeInAnyNamespace = Namespace.IsEmpty && verb is (Verb.KubeList or Verb.KubeWatch or Verb.KubeDeleteCollection);
    }

    public ReadOnlySpan<byte> Resource { get; }

    /// <summary>Empty: the core group.</summary>
    public ReadOnlySpan<byte> Group { get; }

    public bool HasSubresource { get; }

    public ReadOnlySpan<byte> Subresource { get; }

    /// <summary>Empty: none, so the object belongs to the cluster, or all of them.</summary>
    public ReadOnlySpan<byte> Namespace { get; }

    /// <summary>Empty: it is not told, or there are several.</summary>
    public ReadOnlySpan<byte> Name { get; }

    /// <summary>Without a namespace, and about objects of every namespace if the resource has namespaces.</summary>
    public bool MayBeInAnyNamespace { get; }
}
